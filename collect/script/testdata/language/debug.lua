-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if debug then error("debug") end
    status("nothing got out")
  end,
}
