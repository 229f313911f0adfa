# SPDX-License-Identifier: Apache-2.0
# The Arm GNU toolchain without an operating system. Another place than the PATH: -DCMAKE_C_COMPILER=/opt/.../arm-none-eabi-gcc
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # there is nothing yet that a program could be linked with
if(NOT CMAKE_C_COMPILER)
  set(CMAKE_C_COMPILER arm-none-eabi-gcc)
endif()
