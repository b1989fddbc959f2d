-- A worker gives a run back, to be begun again: that beginning is none whose worker was lost.
-- KEYS: state, lease    ARGV: fencing token of the attempt
-- Returns 1, or 0 if it is not this attempt that has the conversation
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[1], 'givenBack', 1)
return 1
