# SPDX-License-Identifier: BSD-2-Clause
"""The modules of Ringfence's GDB commands. Start reading at ../ringfence.py."""
