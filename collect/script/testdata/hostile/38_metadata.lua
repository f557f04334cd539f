-- want: ^unavailable .*169\.254\.169\.254
return check {
  summary = "metadata",
  needs = { http = { "http://*/**" }, tcp = { "*:80" } },
  run = function(details, now, saved)
    local got, err = http.get("http://169.254.169.254/latest/meta-data/")
    unavailable(got and "out" or "held: " .. err)
  end,
}
