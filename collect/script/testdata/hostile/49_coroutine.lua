-- want: ^unavailable 49_coroutine.lua:(\d+:)? (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "coroutine",
  run = function(details, now, saved)
    local f = coroutine.wrap(function() while true do end end)
    while true do pcall(f) end
  end,
}
