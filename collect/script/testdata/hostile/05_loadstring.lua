-- want: ^available held$
return check {
  summary = "loadstring",
  run = function(details, now, saved)
    if loadstring ~= nil then unavailable("out: loadstring") end
    if dofile ~= nil then unavailable("out: dofile") end
    if loadfile ~= nil then unavailable("out: loadfile") end
    status("held")
  end,
}
