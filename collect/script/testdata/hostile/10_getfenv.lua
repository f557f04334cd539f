-- want: ^available held$
return check {
  summary = "getfenv",
  run = function(details, now, saved)
    if getfenv ~= nil then unavailable("out: getfenv") end
    if setfenv ~= nil then unavailable("out: setfenv") end
    status("held")
  end,
}
