/**
 * A Lua script that updates the shared refresh token atomically. KEYS[1] is a hash with the state: `began`, the hashes of all
 * environment tokens used so far, the latest first; `count`, how often the token was exchanged since; `token`, empty if it
 * is void; `access` and `expires`, the access token that came with it; `usedBy` and `usedUntil`, the turn that may have
 * sent it and has not reported; `rests`, until when it must not be sent. Times are milliseconds since 1970, by the clock
 * of Redis except for `expires`.
 *
 * Returns the outcome ("kept", "grant", "turn", "busy", "doubt", "void") and the state.
 */
export const SHARED_REFRESH_TOKEN_SCRIPT = `
local initialHash, initialToken = ARGV[1], ARGV[2]
local known = { began = ARGV[3], count = ARGV[4], token = ARGV[5], access = ARGV[6], expires = ARGV[7] }
local replica, lossRestMs, firstRestMs = ARGV[8], ARGV[9], ARGV[10]
local act, turn, useMs, given, nowMs = ARGV[11], ARGV[12], ARGV[13], ARGV[14], ARGV[15]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function at(ms) return string.format('%.0f', now + ms) end
local function kept(field) return redis.call('HGET', KEYS[1], field) or '' end
local function latest(hashes) return string.match(hashes, '^%x*') end
local function has(hashes, hash) return string.find(hashes, hash, 1, true) ~= nil end
local function isOurs(holder) return string.sub(holder, 1, #replica + 1) == replica .. '/' end
local function keep(state, restMs)
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'began', state.began, 'count', state.count, 'token', state.token,
    'access', state.access, 'expires', state.expires, 'rests', at(restMs))
end

-- The replica has a later state: the outcome of its turn, or one that Redis has lost. In the second case another replica may
-- have or get a later one still, so it gets time to report before the token may be sent.
local began = kept('began')
if known.began ~= '' then
  local isSame = latest(began) == latest(known.began)
  local isLater = isSame and tonumber(kept('count')) < tonumber(known.count) or not isSame and has(known.began, latest(began))
  if began == '' or isLater then keep(known, isOurs(kept('usedBy')) and 0 or lossRestMs) end
end

-- A new environment token was set by an operator, and wins. A replica that was not restarted yet still brings an old one,
-- which is known here.
began = kept('began')
if not has(began, initialHash) then
  keep({ began = initialHash .. ' ' .. began, count = 0, token = initialToken, access = '', expires = 0 }, began == '' and firstRestMs or 0)
end

local outcome = 'kept'
if act == 'take' then
  local access, usedBy = kept('access'), kept('usedBy')
  if access ~= '' and access ~= given and tonumber(kept('expires')) > tonumber(nowMs) then
    outcome = 'grant'
  elseif kept('token') == '' then
    outcome = 'void'
  elseif usedBy ~= '' and not isOurs(usedBy) then
    outcome = now < tonumber(kept('usedUntil')) and 'busy' or 'doubt'
  elseif now < tonumber(kept('rests')) then
    outcome = 'busy'
  else
    redis.call('HSET', KEYS[1], 'usedBy', turn, 'usedUntil', at(useMs))
    outcome = 'turn'
  end
elseif act == 'release' and kept('usedBy') == turn then
  redis.call('HDEL', KEYS[1], 'usedBy', 'usedUntil')
end
return { outcome, kept('began'), kept('count'), kept('token'), kept('access'), kept('expires'), kept('usedBy') }
`;
