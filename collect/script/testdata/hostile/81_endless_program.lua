-- want: ^unavailable (held|check timed out)
return check {
  summary = "endless program",
  needs = { programs = { "yes" } },
  run = function(details, now, saved)
    local got, err = program.run("yes", {})
    unavailable(got and "out" or "held: " .. err)
  end,
}
