local url = "http://127.0.0.1:8053/json/v1/server"

return tests {
  ["9.18 of Debian 12"] = function(t)
    t:run { http = { [url] = "testdata/bind-9.18-server.json" } }
    t:metric("version", "9.18.49-1~deb12u3-Debian")
    t:metric("responses", 2)
    t:metric("answers_success", 1)
    t:metric("answers_nxrrset", 1)
    t:metric("answers_servfail", 0)
    t:metric("cache_memory", 24570 + 1088, "_default", "bytes")
    t:metric("query_timeouts", 2, "_default")
    t:metric("cache_hit_percent", 0)
    t:status("BIND 9.18.49, 2 responses")
  end,

  ["9.11"] = function(t)
    t:run {
      details = { url = "http://ns.example:80/" }, now = 1700000000.123,
      http = { ["http://ns.example:80/json/v1/server"] = "testdata/bind-9.11-server.json" },
    }
    t:metric("responses", 88231)
    t:metric("recursions_rejected", 40)
    t:metric("cache_hit_percent", 75, nil, "percent")
    t:metric("uptime", 86400)
    t:no_metric("cache_memory", "_bind")
  end,

  ["another page"] = function(t)
    t:run { http = { [url] = "{}" } }
    t:unavailable("no statistics of BIND: other JSON")
  end,

  ["no channel"] = function(t)
    t:run { http = { [url] = { status = 404, body = "" } } }
    t:unavailable("the statistics channel answered with status 404")
  end,
}
