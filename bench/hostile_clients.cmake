# What bench/hostile_clients_run attacks; bench/CMakeLists.txt includes this.
add_executable(hostile_clients ${CMAKE_CURRENT_LIST_DIR}/hostile_clients.cpp)
target_link_libraries(hostile_clients PRIVATE farholm_net farholm_io_posix)
