-- want: ^down$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    pcall(unavailable, "down")
    metric("alive", "bool", true)
    status("up")
  end,
}
