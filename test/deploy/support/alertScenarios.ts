/** One hour of a replica, a value a minute in Prometheus's notation: `0+60x60` is 60 more each minute. */
type Series = Record<string, string>;

export interface Scenario {
  /** The alert that fires at its end; none if undefined. */
  readonly fires?: string;
  /** What differs from the healthy replica. */
  readonly series: Series;
}

const at = (labels: string): string => `{${[labels, 'job="contacts",instance="a"'].filter(Boolean).join(',')}}`;

/** 60 operations a minute, all whole and answered within half a second; both systems well. */
const HEALTHY: Series = {
  [`contacts_operation_seconds_count${at('operation="Cards",outcome="ok"')}`]: '0+60x60',
  [`contacts_operation_seconds_bucket${at('operation="Cards",outcome="ok",le="0.5"')}`]: '0+60x60',
  [`contacts_operation_seconds_bucket${at('operation="Cards",outcome="ok",le="5"')}`]: '0+60x60',
  [`contacts_operation_seconds_bucket${at('operation="Cards",outcome="ok",le="+Inf"')}`]: '0+60x60',
  [`contacts_upstream_call_seconds_count${at('source="PMS",resource="contact",outcome="200"')}`]: '0+60x60',
  [`contacts_upstream_retries_total${at('source="PMS"')}`]: '0x60',
  [`contacts_breaker_open${at('source="PMS"')}`]: '0x60',
  [`contacts_breaker_open${at('source="CAS360"')}`]: '0x60',
  [`contacts_upstream_pause_seconds${at('source="PMS"')}`]: '0x60',
  [`contacts_token_requests_total${at('source="PMS",outcome="granted"')}`]: '0x30 1x30',
  [`contacts_refresh_token_usable${at('')}`]: '1x60',
  [`contacts_refresh_token_unkept${at('')}`]: '0x60',
  [`contacts_refresh_token_store_up${at('')}`]: '1x60',
  [`contacts_queue_ids${at('source="PMS",resource="contact"')}`]: '40x60',
  [`contacts_upstream_drift_total${at('source="PMS",field="gender"')}`]: '0x30 5x30',
  [`contacts_redis_up${at('')}`]: '1x60',
  [`nodejs_eventloop_lag_p99_seconds${at('')}`]: '0.02x60',
  [`process_start_time_seconds${at('')}`]: '1000x60',
};

const TOKEN_FAILURES = `contacts_token_failures${at('source="CAS360"')}`;

export const SCENARIOS: readonly Scenario[] = [
  { series: {} },
  { fires: 'ContactsNotSeen', series: { [`contacts_breaker_open${at('source="PMS"')}`]: '0x45', [`contacts_breaker_open${at('source="CAS360"')}`]: '0x45' } },
  { fires: 'ContactsOperationsFail', series: { [`contacts_operation_seconds_count${at('operation="Cards",outcome="failed"')}`]: '0+1x60' } },
  {
    // However many are refused beside it.
    fires: 'ContactsOperationsFail',
    series: { [`contacts_operation_seconds_count${at('operation="Cards",outcome="failed"')}`]: '0+1x60', [`contacts_operation_seconds_count${at('operation="Cards",outcome="refused"')}`]: '0+6000x60' },
  },
  // A caller's own fault is none of ours.
  { series: { [`contacts_operation_seconds_count${at('operation="Cards",outcome="refused"')}`]: '0+60x60' } },
  { fires: 'ContactsOperationsPartial', series: { [`contacts_operation_seconds_count${at('operation="Cards",outcome="partial"')}`]: '0+9x60' } },
  { fires: 'ContactsSlow', series: { [`contacts_operation_seconds_bucket${at('operation="Cards",outcome="ok",le="0.5"')}`]: '0+50x60' } },
  { fires: 'ContactsBreakerOpen', series: { [`contacts_breaker_open${at('source="CAS360"')}`]: '0x57 1 0.5 1' } },
  { series: { [`contacts_breaker_open${at('source="CAS360"')}`]: '0x55 1 0 0 0 0' } },
  { fires: 'ContactsUpstreamPauses', series: { [`contacts_upstream_pause_seconds${at('source="PMS"')}`]: '0x40 9 0 0 9 0 9 0 9 0 9 0 9 0 0 9 0 9 0 9 0' } },
  { fires: 'ContactsUpstreamRetries', series: { [`contacts_upstream_retries_total${at('source="PMS"')}`]: '0+4x60' } },
  { fires: 'ContactsTokenRequestsFail', series: { [TOKEN_FAILURES]: '0x56 1 1 2 2' } },
  // From its first scrape on.
  { fires: 'ContactsTokenRequestsFail', series: { [TOKEN_FAILURES]: '_x56 1x3' } },
  // The next attempt brought a token.
  { series: { [TOKEN_FAILURES]: '0x57 1 0 0' } },
  { fires: 'ContactsRefreshTokenLost', series: { [`contacts_refresh_token_usable${at('')}`]: '1x57 0 0 0' } },
  { fires: 'ContactsRefreshTokenUnkept', series: { [`contacts_refresh_token_unkept${at('')}`]: '0x57 1 1 1' } },
  { fires: 'ContactsRefreshTokenStoreDown', series: { [`contacts_refresh_token_store_up${at('')}`]: '1x53 0x7' } },
  { fires: 'ContactsQueueLong', series: { [`contacts_queue_ids${at('source="PMS",resource="contact"')}`]: '40x56 6000 7000 8000 8000' } },
  { fires: 'ContactsDrift', series: { [`contacts_upstream_drift_total${at('source="PMS",field="gender"')}`]: '0+1x60' } },
  { fires: 'ContactsAnswerDrift', series: { [`contacts_upstream_answer_drift_total${at('source="CAS360",resource="contacts",kind="cut_page"')}`]: '0+1x60' } },
  { fires: 'ContactsRedisDown', series: { [`contacts_redis_up${at('')}`]: '1x57 0 0 0' } },
  { fires: 'ContactsEventLoopLate', series: { [`nodejs_eventloop_lag_p99_seconds${at('')}`]: '0.02x50 0.3x10' } },
  { fires: 'ContactsRestarts', series: { [`process_start_time_seconds${at('')}`]: '1000x50 2000 3000 4000 4000x7' } },
  // Somebody else's process.
  { series: { 'nodejs_eventloop_lag_p99_seconds{job="other",instance="a"}': '3x60', 'process_start_time_seconds{job="other",instance="a"}': '0+1x60' } },
];

/** In promtool's form. */
export function seriesOf({ series }: Scenario): { series: string; values: string }[] {
  return Object.entries({ ...HEALTHY, ...series }).map(([name, values]) => ({ series: name, values }));
}
