-- want: ^available x+
return check {
  summary = "status",
  run = function(details, now, saved)
    status(("x"):rep(1000000))
  end,
}
