-- want: ^available held$
return check {
  summary = "registers",
  run = function(details, now, saved)
    if _printregs ~= nil then unavailable("out: _printregs") end
    if collectgarbage ~= nil then unavailable("out: collectgarbage") end
    if gcinfo ~= nil then unavailable("out: gcinfo") end
    status("held")
  end,
}
