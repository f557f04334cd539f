-- want: ^unavailable 47_pcall_in_loop.lua:(\d+:)? (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "pcall in loop",
  run = function(details, now, saved)
    while true do
      pcall(function() while true do end end)
    end
  end,
}
