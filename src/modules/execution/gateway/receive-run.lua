-- A socket of the session has received a run to its end: sockets that come from now on are not sent it, those that are open still find it for a while.
-- KEYS: runs of the session
-- ARGV: 1 executionId, 2 its score from now on (negative), 3 score up to which received runs go, 4 how long received runs stay (ms)
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) < 0 then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
if redis.call('ZCOUNT', KEYS[1], 0, '+inf') == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1
