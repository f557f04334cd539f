-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    for _, value in ipairs { string, table, math, coroutine, 1, true, print, coroutine.create(function() end) } do
      local meta = getmetatable(value)
      if meta ~= nil then error("metatable of a " .. type(value)) end
      if type(value) ~= "table" and pcall(setmetatable, value, {}) then error("set metatable of a " .. type(value)) end
    end
    status("nothing got out")
  end,
}
