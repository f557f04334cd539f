local server = "tcp 127.0.0.1:27017"

-- OP_MSG with a command: {NAME: 1, $db: "admin"}.
local function command(name)
  local document = "\16" .. name .. "\0\1\0\0\0\2$db\0\6\0\0\0admin\0\0"
  local size = #document + 4
  return string.char(21 + size) .. "\0\0\0\1\0\0\0\0\0\0\0\221\7\0\0\0\0\0\0\0" .. string.char(size) .. "\0\0\0" .. document
end

return tests {
  ["a primary, 6.0"] = function(t)
    t:run { net = { [server] = {
      { command("hello"), "testdata/mongodb-6.0-hello.bin" }, { command("serverStatus"), "testdata/mongodb-6.0-status.bin" },
    } } }
    t:metric("role", "primary")
    t:metric("replica_set", "rs0")
    t:metric("version", "6.0.11")
    t:metric("uptime", 86400)
    t:metric("connections", 25)
    t:metric("waiting", 2)
    t:metric("inserts", 3000000000)
    t:metric("bytes_in", 10000000000, nil, "bytes")
    t:metric("bytes_out", 34)
    t:metric("cursors", 4)
    t:metric("memory", 150 * 1048576, nil, "bytes")
    t:status("primary, version 6.0.11, 25 connections")
  end,

  ["a secondary that wants a login, 4.4"] = function(t)
    t:run { net = { [server] = {
      { command("hello"), "testdata/mongodb-4.4-hello.bin" }, { command("serverStatus"), "testdata/mongodb-4.4-refused.bin" },
    } } }
    t:metric("role", "secondary")
    t:no_metric("connections")
    t:status("secondary; no figures: command serverStatus requires authentication")
  end,

  ["another service"] = function(t)
    t:run { net = { [server] = { { command("hello"), "HTTP/1.1 400 Bad Request\r\n\r\n" } } } }
    t:unavailable("the server does not answer as MongoDB does")
  end,

  ["no server"] = function(t)
    t:run { net = { [server] = false } }
    t:unavailable()
  end,
}
