-- want: needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local t = {}
    if pcall(function() t[0 / 0] = 1 end) then error("NaN is a key") end
    while true do for k in pairs({ 1, 2, a = 1 }) do next({}, k) end end
  end,
}
