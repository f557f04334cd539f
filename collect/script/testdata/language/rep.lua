-- want: at most [0-9]+ are allowed
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local s = ("x"):rep(1e9)
  end,
}
