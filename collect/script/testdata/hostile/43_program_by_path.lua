-- want: ^unavailable not allowed .* programs "\.\./bin/sh", which is no name of a program$
return check {
  summary = "program by path",
  needs = { programs = { "true" } },
  run = function(details, now, saved)
    local got, err = program.run("../bin/sh", { "-c", "id" })
    unavailable(got and "out: " .. got.out or "held: " .. err)
  end,
}
