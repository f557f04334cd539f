-- want: ^unavailable .*169\.254\.169\.254
-- details: {"port": "$PORT"}
return check {
  summary = "redirect to metadata",
  details = { port = { kind = "port", doc = "port" } },
  needs = { http = { "http://*/**", "http://127.0.0.1:${port}/**" } },
  run = function(details, now, saved)
    local got, err = http.get("http://127.0.0.1:" .. details.port .. "/redirect")
    unavailable(got and "out" or "held: " .. err)
  end,
}
