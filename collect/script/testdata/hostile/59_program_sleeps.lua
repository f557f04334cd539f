-- want: ^unavailable (held|check timed out)
return check {
  summary = "program sleeps",
  needs = { programs = { "sh" } },
  run = function(details, now, saved)
    local got, err = program.run("sh", { "-c", "trap '' TERM INT; sleep 98765 & sleep 98765" }, { timeout = 1 })
    unavailable(got and "out" or "held: " .. err)
  end,
}
