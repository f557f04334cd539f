-- want: ^unavailable 50_index_chain.lua:(\d+:)? 
return check {
  summary = "index chain",
  run = function(details, now, saved)
    local t = {}
    setmetatable(t, { __index = function(t, k) return t[k + 1] end })
    while true do pcall(function() return t[1] end) end
  end,
}
