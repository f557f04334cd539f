-- want: attempt to call what is no function
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local parts = { "return ", "os" }
    load(function() return table.remove(parts, 1) end)()
  end,
}
