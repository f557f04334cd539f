-- want: ^available success$
-- details: {"port": "$PORT"}
return check {
  summary = "http",
  details = { port = { kind = "port", doc = "port" } },
  needs = { http = { "http://127.0.0.1:${port}/**" } },
  run = function(details, now, saved)
    local got = assert(http.get("http://127.0.0.1:" .. details.port .. "/fine"))
    metric("bytes", "int64", #got.body)
  end,
}
