-- want: attempt to call a non-function object
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local parts = { "return ", "os" }
    load(function() return table.remove(parts, 1) end)()
  end,
}
