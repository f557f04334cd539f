-- want: ^unavailable 48_looping_handler.lua:(\d+:)? (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "looping handler",
  run = function(details, now, saved)
    xpcall(function() error("x") end, function() while true do end end)
    while true do end
  end,
}
