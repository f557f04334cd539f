-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if channel then error("channel") end
    status("nothing got out")
  end,
}
