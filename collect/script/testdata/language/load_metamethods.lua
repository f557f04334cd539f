-- want: did you mean|has no|is a
return check(setmetatable({}, { __index = function(t, k) while true do end end }))
