local socket = "unix /run/haproxy/admin.sock"

return tests {
  ["2.6 of Debian 12, one server is down"] = function(t)
    t:run { net = { [socket] = { { "show stat\n", "testdata/haproxy-2.6-stat.csv" } } } }
    t:metric("servers", 2)
    t:metric("servers_down", 1)
    t:metric("backends_down", 0)
    t:metric("status", "OPEN", "web frontend")
    t:metric("sessions_total", 1, "web frontend")
    t:metric("bytes_out", 374, "app backend", "bytes")
    t:no_metric("status", "app/one")
    t:status("servers down: app/two")
  end,

  ["each server"] = function(t)
    t:run { details = { servers = true }, net = { [socket] = { { "show stat\n", "testdata/haproxy-2.6-stat.csv" } } } }
    t:metric("status", "UP", "app/one")
    t:metric("status", "DOWN", "app/two")
  end,

  ["1.8, a backend is down"] = function(t)
    t:run { net = { [socket] = { { "show stat\n", "testdata/haproxy-1.8-stat.csv" } } } }
    t:metric("backends_down", 1)
    t:metric("queued", 5, "api backend")
    t:metric("responses_5xx", 56, "public frontend")
    t:metric("session_limit", 2000, "public frontend")
    t:status("backends down: api; servers down: api/a1")
  end,

  ["another service"] = function(t)
    t:run { net = { [socket] = { { "show stat\n", "Unknown command\n" } } } }
    t:unavailable()
  end,

  ["no socket"] = function(t)
    t:run { net = { [socket] = false } }
    t:unavailable()
  end,
}
