-- want: ^unavailable 51_index_circle.lua:(\d+:)? 
return check {
  summary = "index circle",
  run = function(details, now, saved)
    local a, b = {}, {}
    setmetatable(a, { __index = b })
    setmetatable(b, { __index = a })
    return a.x
  end,
}
