-- want: ^unavailable (84_loads_all_memory.lua|broke the limit of 64 MiB of memory)
local s = "x"
while true do s = s .. s end
