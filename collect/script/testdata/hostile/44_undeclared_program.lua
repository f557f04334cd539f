-- want: ^unavailable script.44_undeclared_program uses program "sh"
return check {
  summary = "undeclared program",
  needs = { programs = { "true" } },
  run = function(details, now, saved)
    program.run("sh", { "-c", "id" })
  end,
}
