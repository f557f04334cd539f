-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if io or print == nil then error("io") end
    status("nothing got out")
  end,
}
