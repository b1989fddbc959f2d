-- Takes a conversation away from a run of which there is nothing any more: its state was lost, or has expired.
-- KEYS: state, lease, waiting runs, conversations with a run    ARGV: executionId, conversationId
-- Returns false if there is something, or another run has the conversation; otherwise the executionId of the run that has it now, or ''
local holder = redis.call('HGET', KEYS[2], 'executionId')
-- Without a lease nobody has the conversation.
if not holder then redis.call('SREM', KEYS[4], ARGV[2]) end
if redis.call('EXISTS', KEYS[1]) == 1 or holder ~= ARGV[1] then return false end
redis.call('DEL', KEYS[2])
local next = redis.call('LPOP', KEYS[3]) or ''
if next ~= '' then
  redis.call('HSET', KEYS[2], 'executionId', next, 'token', '')
else
  redis.call('SREM', KEYS[4], ARGV[2])
end
return next
