-- Attempts of a listener that failed, or were not the first for their message. Those that were acknowledged at once, which
-- are most, are found by their messages: an index of them would cost every message a fifth of what the store does for it.
create index attempts_retried on attempts (listener_id, started_at, sequence, number)
 where number > 1 or error is not null or status is null or status not between 200 and 299;
