-- want: ^unavailable (held|check timed out)
-- details: {"port": "$PORT"}
return check {
  summary = "slow server",
  details = { port = { kind = "port", doc = "port" } },
  needs = { http = { "http://127.0.0.1:${port}/**" } },
  run = function(details, now, saved)
    local got, err = http.get("http://127.0.0.1:" .. details.port .. "/slow", { timeout = 2 })
    unavailable(got and "out" or "held: " .. err)
  end,
}
