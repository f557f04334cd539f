-- want: ^unavailable 76_save_circle.lua:\d+: 
return check {
  summary = "save circle",
  run = function(details, now, saved)
    local t = {}
    t.t = t
    save(t)
  end,
}
