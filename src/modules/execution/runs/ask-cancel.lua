-- Asks the run that has a conversation to stop; the first request counts.
-- KEYS: lease    ARGV: executionId, request (JSON), 1 to fence its worker as well: nothing that it does from now on counts
-- Returns 1, or 0 if another run has the conversation, or none
if redis.call('HGET', KEYS[1], 'executionId') ~= ARGV[1] then return 0 end
redis.call('HSETNX', KEYS[1], 'cancel', ARGV[2])
if ARGV[3] == '1' then redis.call('HSET', KEYS[1], 'token', ARGV[1] .. ':cancelled') end
return 1
