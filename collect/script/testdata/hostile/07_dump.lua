-- want: ^available held$
return check {
  summary = "dump",
  run = function(details, now, saved)
    if string.dump ~= nil then unavailable("out: string.dump") end
    status("held")
    if ("").dump then unavailable("out: dump") end
  end,
}
