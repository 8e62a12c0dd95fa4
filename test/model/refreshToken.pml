/*
 * The protocol by which processes share a refresh token: src/upstream/oauth2/refreshToken/state.ts, whose names it uses.
 * docs/testing.md says what is checked and what is assumed. `fault(n)` is a planted mistake: refreshToken.slow.test.ts lists them.
 *
 * Each step is what one process or the world does at once. An update of the store is one step, since it is atomic. There is
 * no clock. What the protocol concludes from times is a step that may happen at any moment, except:
 *  - A handover ends only after each living process has merged what it knows (HANDOVER_MS is several beats).
 *  - A leader that goes on without the store has been silent for LEADER_STALE_MS in the store that it reads.
 * An access token may be judged to be expired at any moment, so a renewal may be wanted at any moment: clocks may differ. A turn
 * whose time is over changes nothing in the store: a process may be frozen for any time during its turn.
 */
#ifndef N
#define N 3 /* processes */
#endif
#ifndef RENEWALS
#define RENEWALS 2 /* of one chain */
#endif
#ifndef FAULTS
#define FAULTS 2 /* of the world, together */
#endif
#ifndef FAULT
#define FAULT 0
#endif
#ifndef KINDS
#define KINDS 1023 /* which faults of the world may happen: a sum of the numbers below */
#endif
#define CRASH 1
#define STORE_ANSWER_LOST 2
#define STORE_LOST 4
#define STORE_RESTORED 8
#define READ_ONLY 16
#define ANSWER_LOST 32
#define REFUSED 64
#define OPERATOR 128
#define NOT_SENT 512 /* or refused for a reason that says nothing about the token */
#define STOP 256 /* orderly: not counted as a fault */

#define fault(n) (FAULT == n)
#define may(kind) (running && faults > 0 && (KINDS & kind))
/* A take and a turn that is given back count too. */
#define step (fault(36) -> 0 : 1)
#define bitOf(n) (1 << (n))

/* A turn or a leader is a process's number plus one. A process that starts again has another name: its old one becomes GONE. */
#define NONE 0
#define GONE (N + 1)
#define nameOf(p) ((p) + 1)

mtype = { usable, unknown, refused, off, idle, held, sent, nothing, flying, lost };

/* Chains have numbers: 1 began with the first token, 2 with the operator's. `latest` 0: nothing is kept. */
typedef Kept {
  byte latest; byte began; byte count; byte token; mtype mark; byte refusedWith; byte turn; byte leader; bool silent
}
typedef Turn { byte latest; byte count; byte token }

Kept store, snapshot;
Kept known[N];
Turn taken[N];
mtype phase[N] = off;
byte environment[N] = 1;
/* Two credentials at the same time, as while a corrected client is deployed. */
#define credentials(p) ((p) == 0 -> 2 : 1)

/* The living processes that have not merged since the leadership became vacant. */
byte unreported;
bool readOnly;
byte faults = FAULTS;
bool running = true;

/* The truth, which only the endpoint or nobody knows. For each chain: the valid token, what became of the last request with
 * it, the credentials with which it was refused, and whether it was lost in the window. */
byte valid[3];
mtype request[3] = nothing;
byte refusals[3];
bool isLost[3];
byte newest = 1;
/* The store failed: what it holds need not cover the truth. */
bool hasStoreFailed;

hidden byte i, q, each, rounds;
hidden byte isKnown, holds;

/* docs/testing.md says what these properties are. */
hidden byte S0, S1, S2, S3, S4, S5, S6, S7;
#define must(property, condition) property = !(condition); assert(!property)

inline copy(to, from) {
  to.latest = from.latest; to.began = from.began; to.count = from.count; to.token = from.token;
  to.mark = from.mark; to.refusedWith = from.refusedWith; to.turn = from.turn
}
inline clear(kept) {
  kept.latest = 0; kept.began = 0; kept.count = 0; kept.token = 0; kept.mark = 0; kept.refusedWith = 0; kept.turn = NONE;
  kept.leader = NONE; kept.silent = false
}

/* ---- state.ts ---- */

#define isLater(one, other) (one.latest == other.latest -> (fault(4) -> one.count < other.count : one.count > other.count) : \
  (fault(9) -> one.count > other.count : (one.began & bitOf(other.latest)) != 0))

inline handedOver(p) {
  store.leader = NONE; store.silent = false; unreported = 0;
  for (i : 0 .. N - 1) { if :: phase[i] != off && i != p && !fault(40) -> unreported = unreported | bitOf(i) :: else fi }
}

/* A turn of ours that we do not have: the answer of its take was lost. */
inline withoutLostTurn(p) {
  if
  :: store.turn == nameOf(p) && known[p].turn != nameOf(p) && !fault(3) -> store.turn = NONE; store.count++
  :: store.turn != NONE && fault(24) -> store.turn = NONE; store.count++
  :: store.turn == nameOf(p) && (fault(2) || (fault(18) && phase[p] == held)) -> store.turn = NONE; store.count++
  :: else
  fi
}

inline merged(p) {
  if
  :: known[p].latest == 0 || (fault(12) && phase[p] == idle && store.latest != 0) -> skip
  :: else ->
    if
    :: store.latest == 0 || isLater(known[p], store) || fault(25) ->
      /* The usual way: the store still holds our turn, and nothing was lost. */
      isKnown = (store.turn == nameOf(p) && ((store.leader != NONE && !store.silent) || fault(15)));
      copy(store, known[p]);
      if :: fault(10) -> store.turn = NONE :: else fi;
      if
      :: fault(7) || isKnown -> store.leader = nameOf(p); store.silent = false; unreported = 0
      :: else -> handedOver(p)
      fi
    :: else ->
      withoutLostTurn(p);
      /* The order of the chains was lost with the store: see `begin`. */
      if :: hasStoreFailed && known[p].latest > store.latest -> running = false :: else fi
    fi
  fi;
  unreported = unreported & ~bitOf(p)
}

inline led(p) {
  if
  :: store.leader == nameOf(p) -> store.silent = false
  :: store.leader == NONE && unreported == 0 && !fault(39) -> store.leader = nameOf(p); store.silent = false
  :: store.leader != NONE && store.leader != nameOf(p) && store.silent ->
    if
    :: fault(17) -> store.leader = nameOf(p); store.silent = false; unreported = 0
    :: else -> handedOver(p); if :: fault(30) -> store.turn = NONE :: else fi
    fi
  :: else
  fi
}

#define maySend(kept, p) (kept.latest != 0 && (kept.mark != unknown || fault(29)) && \
  !(kept.mark == refused && (fault(16) -> kept.refusedWith == credentials(p) : (kept.refusedWith & credentials(p)) != 0)) && \
  (kept.turn == NONE || fault(19) || (kept.turn == GONE && fault(33))))
#define verdictIsSend(p) (maySend(store, p) && (store.leader != NONE || fault(28)))

/* ---- the process ---- */

inline learn(p) { copy(known[p], store) }

inline begin(p) {
  if
  :: store.latest == 0 || !(store.began & bitOf(environment[p])) || fault(13) ->
    if
    :: store.latest > environment[p] && !fault(13) ->
      /* An operator's chain that began in an empty store does not say that it is later than this token. */
      if :: hasStoreFailed && phase[p] == off -> running = false :: else fi;
      must(S7, !running)
    :: else
    fi;
    store.latest = environment[p]; store.began = store.began | bitOf(environment[p]);
    store.count = 0; store.token = 0; store.mark = usable; store.refusedWith = 0; store.turn = NONE;
    if :: environment[p] > newest -> newest = environment[p] :: else fi;
    handedOver(p);
    if :: fault(14) -> unreported = 0 :: else fi
  :: else
  fi
}

inline hold(p) { phase[p] = held; taken[p].latest = known[p].latest; taken[p].count = known[p].count; taken[p].token = known[p].token }
inline finish(p) {
  phase[p] = idle; taken[p].latest = 0; taken[p].count = 0; taken[p].token = 0;
  if :: known[p].turn == nameOf(p) && !fault(37) -> known[p].turn = NONE :: else fi
}
/* A later chain may have come meanwhile: then what came of the turn does not count. */
#define isCurrent(p) ((known[p].latest == taken[p].latest && known[p].count == taken[p].count) || fault(21))
#define chain taken[p].latest

/* ---- what must hold ---- */

/* Whoever reads this state can tell which token must not be sent. */
#define covers(k) (k.latest == newest && k.token == valid[newest] && (k.turn != NONE || (refusals[newest] & ~k.refusedWith) == 0) && (request[newest] == nothing || k.turn != NONE || k.mark == unknown))
#define coversUnwritten(k) (k.latest == newest && k.token + 1 == valid[newest] && k.turn != NONE)
inline check() {
  must(S0, FAULT != 0 || hasStoreFailed || !running || store.latest == 0 || covers(store) || coversUnwritten(store))
}
/* Ends a run in which neither the store nor anybody alive has what is needed: no protocol could go on safely. */
/* A turn of a living process that does not have it will be given back. */
#define isStale(k) (k.turn != NONE && k.turn != GONE && known[k.turn - 1].turn != k.turn)
#define outlives(k) (covers(k) && (!isStale(k) || (request[newest] == nothing && (refusals[newest] & ~k.refusedWith) == 0)))
#define comesAfter(one, other) (one.latest == other.latest -> one.count > other.count : one.latest > other.latest)
inline endIfForgotten() {
  isKnown = outlives(store);
  for (q : 0 .. N - 1) { if :: phase[q] != off && !outlives(known[q]) && !comesAfter(store, known[q]) -> isKnown = false :: else fi };
  for (i : 0 .. N - 1) {
    holds = (phase[i] != off && outlives(known[i]) && (outlives(store) || comesAfter(known[i], store)));
    for (q : 0 .. N - 1) { if :: phase[q] != off && !outlives(known[q]) && !comesAfter(known[i], known[q]) -> holds = false :: else fi };
    isKnown = isKnown || holds
  };
  if :: hasStoreFailed && !isKnown -> running = false :: else fi
}

/* The process ends, and all that it knew. */
inline forget(p) {
  if :: phase[p] == sent -> request[chain] = lost :: else fi;
  if
  :: phase[p] == held || phase[p] == sent -> isLost[chain] = true
  :: store.turn == nameOf(p) -> isLost[store.latest] = true
  :: else
  fi;
  phase[p] = off;
  /* Did only this process have the token? */
  q = known[p].latest;
  isKnown = (q != newest || valid[q] == 0 || known[p].token != valid[q] || (store.latest == q && store.token == valid[q]));
  for (i : 0 .. N - 1) { if :: phase[i] != off && known[i].latest == q && known[i].token == valid[q] -> isKnown = true :: else fi };
  if :: !isKnown -> valid[q] = valid[q] - 1; request[q] = lost; isLost[q] = true :: else fi;
  for (i : 0 .. N - 1) { if :: known[i].turn == nameOf(p) -> known[i].turn = GONE :: else fi };
  if :: store.turn == nameOf(p) && !fault(26) -> store.turn = GONE :: else fi;
  if :: snapshot.turn == nameOf(p) -> snapshot.turn = GONE :: else fi;
  if :: store.leader == nameOf(p) -> store.leader = GONE :: else fi;
  if :: snapshot.leader == nameOf(p) -> snapshot.leader = GONE :: else fi;
  unreported = unreported & ~bitOf(p);
  clear(known[p]);
  taken[p].latest = 0; taken[p].count = 0; taken[p].token = 0;
  endIfForgotten();
  check()
}

#define canUpdate(p) (running && !readOnly && phase[p] != off)

active [N] proctype Process() {
  byte p = _pid;
end: do
  :: d_step { running && !readOnly && phase[p] == off -> begin(p); phase[p] = idle; led(p); learn(p); check() }
  /* A beat. */
  :: d_step { canUpdate(p) -> merged(p); if :: fault(34) -> begin(p) :: else fi; led(p); learn(p); check() }
  :: d_step { canUpdate(p) && may(STORE_ANSWER_LOST) -> faults--; merged(p); led(p); check() }
  /* A renewal. */
  :: d_step { canUpdate(p) && phase[p] == idle && valid[newest] < RENEWALS ->
      merged(p); led(p);
      if
      :: verdictIsSend(p) -> if :: !fault(1) -> store.turn = nameOf(p); store.count = store.count + step :: else fi; learn(p); known[p].turn = nameOf(p); hold(p)
      :: else -> learn(p)
      fi; check() }
  :: d_step { canUpdate(p) && phase[p] == idle && may(STORE_ANSWER_LOST) && valid[newest] < RENEWALS ->
      faults--; merged(p); led(p); if :: verdictIsSend(p) -> store.turn = nameOf(p); store.count = store.count + step :: else fi; check() }
  /* The leader alone, while nobody can write. */
  :: d_step { running && readOnly && phase[p] == idle && store.latest != 0 && known[p].latest != 0 && valid[newest] < RENEWALS &&
      (store.leader == nameOf(p) || fault(8)) && (store.silent || fault(22)) ->
      if :: !isLater(known[p], store) && !fault(27) -> learn(p); if :: known[p].turn == nameOf(p) || fault(20) -> known[p].turn = NONE :: else fi :: else fi;
      if :: maySend(known[p], p) -> known[p].turn = nameOf(p); known[p].count = known[p].count + step; hold(p); hasStoreFailed = true :: else fi }
  :: d_step { running && phase[p] == held ->
      must(S1, taken[p].token == valid[chain] && request[chain] != lost);
      must(S2, request[chain] == nothing);
      must(S6, (refusals[chain] & credentials(p)) == 0);
      request[chain] = flying; phase[p] = sent; check() }
  /* What comes of it. Not sent: */
  :: d_step { phase[p] == held && may(NOT_SENT) ->
      faults--; if :: isCurrent(p) -> known[p].count = known[p].count + step; if :: fault(11) -> known[p].mark = unknown :: else fi :: else fi; finish(p); check() }
  /* Granted: */
  :: d_step { running && phase[p] == sent ->
      request[chain] = nothing; refusals[chain] = 0; valid[chain]++;
      if :: isCurrent(p) -> known[p].count++; known[p].token = taken[p].token + 1; known[p].mark = usable; known[p].refusedWith = 0 :: else fi;
      finish(p); check() }
  /* Refused for a reason that says nothing about the token: */
  :: d_step { phase[p] == sent && may(NOT_SENT) ->
      faults--; request[chain] = nothing;
      if :: isCurrent(p) -> known[p].count = known[p].count + step; if :: fault(38) -> known[p].mark = refused; known[p].refusedWith = credentials(p) :: else fi :: else fi;
      finish(p); check() }
  /* Refused as void: */
  :: d_step { phase[p] == sent && may(REFUSED) ->
      faults--; request[chain] = nothing; refusals[chain] = refusals[chain] | credentials(p);
      if
      :: isCurrent(p) && !fault(5) ->
        known[p].refusedWith = (fault(16) || known[p].mark != refused -> credentials(p) : known[p].refusedWith | credentials(p));
        known[p].mark = refused; if :: !fault(32) -> known[p].count++ :: else fi
      :: else
      fi; finish(p); check() }
  /* Unknown: */
  :: d_step { phase[p] == sent && may(ANSWER_LOST) ->
      faults--; request[chain] = lost; isLost[chain] = true;
      if :: isCurrent(p) && !fault(6) -> known[p].mark = unknown; if :: !fault(31) -> known[p].count++ :: else fi :: else fi;
      finish(p); check() }
  /* The process ends. */
  :: d_step { phase[p] != off && may(CRASH) -> faults--; forget(p) }
  :: d_step { phase[p] != off && may(OPERATOR) && environment[p] == 1 -> faults--; environment[p] = 2; forget(p) }
  :: d_step { canUpdate(p) && phase[p] == idle && (KINDS & STOP) ->
      if :: !fault(35) -> merged(p) :: else fi;
      must(S3, store.turn != nameOf(p) && !isLater(known[p], store));
      if :: store.leader == nameOf(p) -> store.leader = NONE; store.silent = false; unreported = 0 :: else fi;
      forget(p) }
  od
}

#define isQuiet(p) (phase[p] == idle || phase[p] == off)
#if N == 2
#define allQuiet (isQuiet(0) && isQuiet(1))
#define oneLives (phase[0] == idle || phase[1] == idle)
#else
#define allQuiet (isQuiet(0) && isQuiet(1) && isQuiet(2))
#define oneLives (phase[0] == idle || phase[1] == idle || phase[2] == idle)
#endif

active proctype World() {
end: do
  :: d_step { running && store.leader != NONE && !store.silent -> store.silent = true }
  :: d_step { may(STORE_LOST) && !readOnly && store.latest != 0 ->
      faults--; clear(store); clear(snapshot); unreported = 0; hasStoreFailed = true; endIfForgotten() }
  :: d_step { may(STORE_RESTORED) && snapshot.latest == 0 && store.latest != 0 ->
      faults--; copy(snapshot, store); snapshot.leader = store.leader; snapshot.silent = store.silent }
  :: d_step { running && !readOnly && snapshot.latest != 0 ->
      copy(store, snapshot); store.leader = snapshot.leader; store.silent = snapshot.silent; clear(snapshot);
      hasStoreFailed = true;
      /* The store notices it. */
      if :: fault(23) -> unreported = 0 :: else -> handedOver(N) fi;
      endIfForgotten() }
  :: d_step { may(READ_ONLY) && !readOnly -> faults--; readOnly = true }
  :: d_step { running && readOnly -> readOnly = false }
  /* The faults stop. Each living process beats some times. Then all must be well. */
  :: d_step { running && !readOnly && allQuiet && oneLives ->
      if :: store.leader == GONE -> store.silent = true :: else fi;
      for (rounds : 1 .. 3) { for (each : 0 .. N - 1) { if :: phase[each] == idle -> merged(each); led(each); learn(each) :: else fi } };
      isKnown = !running;
      for (each : 0 .. N - 1) {
        if
        :: phase[each] == idle ->
          must(S4, !running || (known[each].latest == store.latest && known[each].count == store.count));
          if :: verdictIsSend(each) || (store.mark == refused && (refusals[store.latest] & credentials(each))) -> isKnown = true :: else fi
        :: else
        fi };
      must(S7, !running || store.latest == newest);
      must(S4, !running || isLost[newest] || store.token == valid[newest]);
      must(S3, !running || isLost[newest] || (store.mark != unknown && (store.turn == NONE || hasStoreFailed)));
      must(S5, isLost[newest] || isKnown || (hasStoreFailed && store.turn == GONE));
      running = false }
  od
}
