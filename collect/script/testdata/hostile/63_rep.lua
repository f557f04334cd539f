-- want: ^unavailable 63_rep.lua:\d+: 
return check {
  summary = "rep",
  run = function(details, now, saved)
    return ("x"):rep(1e9)
  end,
}
