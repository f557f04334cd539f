-- want: ^unavailable 75_save.lua:\d+: 
return check {
  summary = "save",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 100 do t[i] = ("x"):rep(100000) end
    save(t)
  end,
}
