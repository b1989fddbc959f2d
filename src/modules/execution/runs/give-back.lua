-- A worker gives a run back that another try may bring to its end: the attempt does not count as one that took its worker down.
-- KEYS: state, lease    ARGV: fencing token of the attempt
-- Returns 1, or 0 if another attempt has the run by now
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'lostAttempts', -1)
return 1
