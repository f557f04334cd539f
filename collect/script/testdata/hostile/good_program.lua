-- want: ^available success$
return check {
  summary = "program",
  needs = { programs = { "true" } },
  run = function(details, now, saved)
    local got = assert(program.run("true", {}))
    metric("code", "int64", got.code)
  end,
}
