-- want: ^unavailable script.45_refusal_in_pcall uses program "sh"
return check {
  summary = "refusal in pcall",
  needs = { programs = { "true" } },
  run = function(details, now, saved)
    pcall(program.run, "sh", { "-c", "id" })
    status("out")
  end,
}
