-- want: saved [0-9]+ bytes
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local t = {}
    for i = 1, 100 do t[i] = ("x"):rep(10000) end
    pcall(save, t)
    while true do end
  end,
}
