-- RabbitMQ: queues, messages, alarms of memory and disk, partitions, from its management plugin (a user with the tag
-- monitoring). Source: the HTTP API of the management plugin, /api/overview, /api/nodes and /api/queues.

local function number(value, ...)
  for _, key in ipairs { ... } do
    if type(value) ~= "table" then return nil end
    value = value[key]
  end
  return type(value) == "number" and value or nil
end

return check {
  summary = "RabbitMQ: queues, messages, alarms, partitions",
  details = {
    url = { kind = "url", default = "http://127.0.0.1:15672", doc = "management plugin, without a path" },
    user = { default = "guest", doc = "user" },
    password = { role = "secret", doc = "the user's password; default: guest" },
    queues = { kind = "integer", default = 10, min = 0, max = 100, role = "free", doc = "number of the longest queues that are reported" },
  },
  needs = { http = { "${url}/api/**" } },
  metrics = { "messages_ready", "messages_unacknowledged", "alarms" },

  run = function(details)
    local base = details.url:gsub("/+$", "")
    local function get(path)
      local answer, why = http.get(base .. path, { user = details.user, password = details.password or "guest", timeout = 8 })
      if not answer then return nil, why end
      if answer.status ~= 200 then return nil, path .. " answered with status " .. answer.status end
      local page, wrong = json.decode(answer.body)
      if type(page) ~= "table" then return nil, path .. ": " .. (wrong or "other JSON") end
      return page
    end

    local overview, why = get("/api/overview")
    if not overview then unavailable(why) end
    if overview.rabbitmq_version then metric("version", "string", tostring(overview.rabbitmq_version)) end
    -- Figures are missing for seconds after a start, and where the collector of metrics is off: only a broker
    -- without queues has certainly no messages.
    local none = number(overview, "object_totals", "queues") == 0 and 0 or nil
    local messages = number(overview, "queue_totals", "messages") or none
    for _, key in ipairs { "messages", "messages_ready", "messages_unacknowledged" } do
      local value = number(overview, "queue_totals", key) or none
      if value then metric(key, "uint64", value) end
    end
    for _, key in ipairs { "queues", "connections", "channels", "consumers", "exchanges" } do
      if number(overview, "object_totals", key) then metric(key, "uint64", number(overview, "object_totals", key)) end
    end
    for key, name in pairs { publish = "published", deliver_get = "delivered", redeliver = "redelivered" } do
      if number(overview, "message_stats", key) then metric(name, "uint64", number(overview, "message_stats", key)) end
    end

    local bad, alarms, partitions = {}, 0, 0
    for _, node in ipairs(get("/api/nodes") or {}) do
      local name = tostring(node.name)
      for key, what in pairs { mem_alarm = "memory", disk_free_alarm = "disk" } do
        if node[key] == true then
          alarms = alarms + 1
          bad[#bad + 1] = name .. ": alarm of " .. what
        end
      end
      if node.running == false then bad[#bad + 1] = name .. " does not run" end
      if type(node.partitions) == "table" and #node.partitions > 0 then
        partitions = partitions + 1
        bad[#bad + 1] = name .. " is partitioned"
      end
      metric("running", "bool", node.running ~= false, nil, name)
      if number(node, "mem_used") then metric("memory_used", "uint64", node.mem_used, "bytes", name) end
      if number(node, "mem_limit") then metric("memory_limit", "uint64", node.mem_limit, "bytes", name) end
      if number(node, "disk_free") then metric("disk_free", "uint64", node.disk_free, "bytes", name) end
      if number(node, "fd_used") then metric("open_files", "uint64", node.fd_used, nil, name) end
    end
    metric("alarms", "int64", alarms)
    metric("partitions", "int64", partitions)

    if details.queues > 0 then
      local longest = get("/api/queues?sort=messages&sort_reverse=true&page=1&page_size=" .. details.queues
        .. "&columns=name,vhost,messages,consumers,state")
      -- with pages the list is in items
      for _, q in ipairs(longest and (longest.items or longest) or {}) do
        local name = q.vhost == "/" and tostring(q.name) or tostring(q.vhost) .. " " .. tostring(q.name)
        if number(q, "messages") then metric("queue_messages", "uint64", q.messages, nil, name) end
        if number(q, "consumers") then metric("queue_consumers", "uint64", q.consumers, nil, name) end
      end
    end
    table.sort(bad)
    local queues = (number(overview, "object_totals", "queues") or "?") .. " queues"
    local say = messages and messages .. " messages in " .. queues or queues .. ", no statistics of messages yet"
    status(#bad > 0 and table.concat(bad, "; ") or say)
  end,
}
