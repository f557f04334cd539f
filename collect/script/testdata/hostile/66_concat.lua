-- want: ^unavailable 66_concat.lua:\d+: 
return check {
  summary = "concat",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 20000 do t[i] = ("x"):rep(1000) end
    return table.concat(t)
  end,
}
