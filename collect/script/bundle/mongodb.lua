-- MongoDB: connections, operations, memory, the state of the replica set, by the wire protocol (OP_MSG) without a login.
-- A server that wants a login answers hello alone: then only version, role and state are reported.
-- Sources: the commands hello (from version 4.4.2 on) and serverStatus.
local bson = require "lib.bson"

local figures = {
  { "connections", "current", "connections" }, { "connections", "available", "connections_available" },
  { "globalLock", "currentQueue", "total", "waiting" }, { "opcounters", "insert", "inserts" }, { "opcounters", "query", "queries" },
  { "opcounters", "update", "updates" }, { "opcounters", "delete", "deletes" }, { "opcounters", "command", "commands" },
  { "metrics", "cursor", "open", "total", "cursors" }, { "metrics", "cursor", "timedOut", "cursors_timed_out" },
  { "asserts", "user", "asserts_user" }, { "network", "bytesIn", "bytes_in", "bytes" }, { "network", "bytesOut", "bytes_out", "bytes" },
}

-- The last or the last two parts of a row are the metric's name and unit.
local function figure(values, row)
  local unit = row[#row] == "bytes" and "bytes" or nil
  local last = unit and #row - 1 or #row
  local value = values
  for i = 1, last - 1 do
    if type(value) ~= "table" then return nil end
    value = value[row[i]]
  end
  return type(value) == "number" and value or nil, row[last], unit
end

-- Sends one command and returns its document.
local function command(conn, name)
  local document = bson.encode { { name, 1 }, { "$db", "admin" } }
  local body = bson.int32(0) .. "\0" .. document
  conn:send(bson.int32(16 + #body) .. bson.int32(1) .. bson.int32(0) .. bson.int32(2013) .. body)
  local head, why = conn:read(16)
  if not head then return nil, why end
  local length = bson.read_int32(head, 1)
  if length < 26 or length > 1000000 or bson.read_int32(head, 13) ~= 2013 then return nil, "the server does not answer as MongoDB does" end
  local rest, wrong = conn:read(length - 16)
  if not rest then return nil, wrong end
  local ok, answer = pcall(bson.decode, rest, 6)
  if not ok then return nil, "the answer cannot be read: " .. tostring(answer) end
  if answer.ok ~= 1 then return nil, tostring(answer.errmsg or name .. " failed") end
  return answer
end

return check {
  summary = "MongoDB: connections, operations, memory, replica set",
  details = {
    host = { kind = "host", default = "127.0.0.1", doc = "server" },
    port = { kind = "port", default = 27017, doc = "its port" },
    tls = { kind = "boolean", default = false, doc = "connect with TLS" },
  },
  needs = { tcp = { "${host}:${port}" } },
  metrics = { "connections", "waiting", "queries/s" },

  run = function(details)
    local conn, why = net.tcp(details.host, details.port, { tls = details.tls, timeout = 5 })
    if not conn then unavailable(why) end
    local hello, wrong = command(conn, "hello")
    if not hello then unavailable(wrong) end
    local role = hello.isWritablePrimary and "primary" or hello.secondary and "secondary" or hello.arbiterOnly and "arbiter" or "other"
    if hello.msg == "isdbgrid" then role = "router" end
    metric("role", "string", role)
    if hello.setName then metric("replica_set", "string", hello.setName) end
    local server, refused = command(conn, "serverStatus")
    if not server then
      status(role .. "; no figures: " .. refused)
      return
    end
    if server.version then metric("version", "string", server.version) end
    if server.uptime then metric("uptime", "double", server.uptime, "seconds") end
    for _, row in ipairs(figures) do
      local value, name, unit = figure(server, row)
      if value then metric(name, "uint64", math.floor(math.max(0, value)), unit) end
    end
    if type(server.mem) == "table" and type(server.mem.resident) == "number" then
      metric("memory", "uint64", server.mem.resident * 1048576, "bytes")
    end
    status(string.format("%s, version %s, %d connections", role, server.version or "?", (server.connections or {}).current or 0))
  end,
}
