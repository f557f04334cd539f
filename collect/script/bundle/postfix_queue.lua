-- The queue of Postfix: how many messages wait, how old the oldest is, by queue and by the reason of the delay. The user of
-- scripts must be allowed to list it (authorized_mailq_users in main.cf; by default everybody is).
-- Source: postqueue(1) -j, from Postfix 3.1 on: a line of JSON for each message.

return check {
  summary = "queue of Postfix: number and age of messages, reasons of delays",
  details = {
    warn_age = { kind = "seconds", default = 14400, role = "free", doc = "age of the oldest message above which the status says so" },
  },
  needs = { programs = { "postqueue" } },
  metrics = { "messages", "oldest_age" },

  run = function(details, now)
    -- Of a queue so long that its list has more than 1 MiB, nil and why: that is told as well.
    local answer, why = program.run("postqueue", { "-j" }, { timeout = 20 })
    if not answer then unavailable(why) end
    local queues, oldest, size, n = { active = 0, deferred = 0, hold = 0, incoming = 0, maildrop = 0, corrupt = 0 }, nil, 0, 0
    local reasons = {}
    for _, line in ipairs(text.lines(answer.out)) do
      local message = json.decode(line)
      if type(message) == "table" and message.queue_id then
        n = n + 1
        local queue = tostring(message.queue_name)
        queues[queue] = (queues[queue] or 0) + 1
        local at = tonumber(message.arrival_time)
        if at and (not oldest or at < oldest) then oldest = at end
        size = size + (tonumber(message.message_size) or 0)
        for _, r in ipairs(type(message.recipients) == "table" and message.recipients or {}) do
          -- "connect to mx.example[192.0.2.1]:25: Connection timed out": without what differs between messages
          local reason = type(r.delay_reason) == "string" and r.delay_reason:match("([^:]+)$")
          if reason then
            reason = text.trim(reason):sub(1, 60)
            reasons[reason] = (reasons[reason] or 0) + 1
          end
        end
      end
    end
    metric("messages", "uint64", n)
    metric("size", "uint64", size, "bytes")
    for name, count in pairs(queues) do metric("queue", "uint64", count, nil, name) end
    local age = oldest and math.max(0, now - oldest) or 0
    metric("oldest_age", "double", age, "seconds")
    local common
    for reason, count in pairs(reasons) do
      if not common or count > reasons[common] or count == reasons[common] and reason < common then common = reason end
    end
    local say = n .. " messages wait"
    if n == 0 then say = "the queue is empty" end
    if age > details.warn_age then say = say .. string.format(", the oldest for %.1f hours", age / 3600) end
    if common then say = say .. "; most often: " .. common end
    status(say)
  end,
}
