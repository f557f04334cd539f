-- BSON, as far as the commands of monitoring need it: https://bsonspec.org. Numbers are those of Lua, so integers beyond
-- 2^53 lose their last digits.
local bson = {}

local function int32(n)
  if n < 0 then n = n + 4294967296 end
  return string.char(n % 256, math.floor(n / 256) % 256, math.floor(n / 65536) % 256, math.floor(n / 16777216) % 256)
end
bson.int32 = int32

-- An unsigned number of n bytes, the least first.
local function unsigned(s, at, n)
  local value = 0
  for i = n - 1, 0, -1 do value = value * 256 + s:byte(at + i) end
  return value
end

local function signed32(s, at)
  local n = unsigned(s, at, 4)
  return n < 2147483648 and n or n - 4294967296
end
bson.read_int32 = signed32

local function signed64(s, at)
  local high = signed32(s, at + 4)
  return high * 4294967296 + unsigned(s, at, 4)
end

-- IEEE 754 of 64 bits.
local function double(s, at)
  local high = unsigned(s, at + 4, 4)
  local sign = high >= 2147483648 and -1 or 1
  local exponent = math.floor(high / 1048576) % 2048
  local mantissa = (high % 1048576) * 4294967296 + unsigned(s, at, 4)
  if exponent == 0 then return sign * math.ldexp(mantissa, -1074) end
  if exponent == 2047 then return nil end
  return sign * math.ldexp(mantissa + 4503599627370496, exponent - 1075)
end

-- encode makes a document of {{name, value}, …}: whole numbers, texts, booleans.
function bson.encode(pairs_)
  local parts = {}
  for _, p in ipairs(pairs_) do
    local name, value = p[1], p[2]
    if type(value) == "number" then
      parts[#parts + 1] = "\16" .. name .. "\0" .. int32(value)
    elseif type(value) == "boolean" then
      parts[#parts + 1] = "\8" .. name .. "\0" .. (value and "\1" or "\0")
    else
      parts[#parts + 1] = "\2" .. name .. "\0" .. int32(#value + 1) .. value .. "\0"
    end
  end
  local body = table.concat(parts) .. "\0"
  return int32(#body + 4) .. body
end

-- decode returns the document at a place as a table; lists have the keys "0", "1", … What is not needed is left out.
function bson.decode(s, at, depth)
  at, depth = at or 1, depth or 0
  local stop = at + unsigned(s, at, 4)
  if depth > 20 or stop - 1 > #s then error("BSON is cut or too deep") end
  local document = {}
  at = at + 4
  while at < stop - 1 do
    local kind = s:byte(at)
    local nul = s:find("\0", at + 1, true)
    if not nul then error("BSON is cut") end
    local name = s:sub(at + 1, nul - 1)
    at = nul + 1
    if kind == 1 then
      document[name], at = double(s, at), at + 8
    elseif kind == 2 or kind == 13 or kind == 14 then
      local length = unsigned(s, at, 4)
      document[name], at = s:sub(at + 4, at + 2 + length), at + 4 + length
    elseif kind == 3 or kind == 4 then
      document[name], at = bson.decode(s, at, depth + 1), at + unsigned(s, at, 4)
    elseif kind == 5 then
      at = at + 5 + unsigned(s, at, 4)
    elseif kind == 7 then
      at = at + 12
    elseif kind == 8 then
      document[name], at = s:byte(at) == 1, at + 1
    elseif kind == 9 or kind == 17 or kind == 18 then
      document[name], at = signed64(s, at), at + 8
    elseif kind == 16 then
      document[name], at = signed32(s, at), at + 4
    elseif kind == 19 then
      at = at + 16
    elseif kind ~= 6 and kind ~= 10 and kind ~= 127 and kind ~= 255 then
      error("BSON has an element of the unknown kind " .. kind)
    end
  end
  return document
end

return bson
