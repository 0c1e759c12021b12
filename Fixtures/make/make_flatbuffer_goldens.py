#!/usr/bin/env python3
"""Writes Fixtures/golden-flatbuffers: small FlatBuffers and FlexBuffers files with known contents.

They are made with the public builders of the PyPI package `flatbuffers` 25.12.19 under Python 3.11, so that the Swift
reader is checked against bytes that it had no part in. What they contain is written again, by hand, in
Tests/FlatbufferReaderTests/GoldenTests.swift. Running the script again writes the same bytes.

Monster is the schema of the FlatBuffers tutorial (samples/monster.fbs). Slots, types and defaults:

    0 pos: Vec3            struct of 3 float
    1 mana: short = 150
    2 hp: short = 100
    3 name: string
    4 friendly: bool       deprecated, never written
    5 inventory: [ubyte]
    6 color: byte = 2      enum Red, Green, Blue
    7 weapons: [Weapon]    table: 0 name: string, 1 damage: short
    8 equipped_type: ubyte
    9 equipped: Weapon     union member 1
   10 path: [Vec3]

Zoo has one field of each kind that Monster lacks:

    0 byte  1 ubyte  2 short  3 ushort  4 int  5 uint  6 long  7 ulong  8 float  9 double  10 bool
   11 [string]  12 [double]  13 [long]  14 [bool]  15 child: Zoo  16 [short], empty  17 [float]  18 string, empty
"""

import pathlib

import flatbuffers
from flatbuffers import flexbuffers

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "golden-flatbuffers"
TYPE = flexbuffers.Type


def write(name, data):
    (OUTPUT / name).write_bytes(bytes(data))
    print(f"{len(data):6} {name}")


# FlatBuffers


def offsets(builder, items):
    builder.StartVector(4, len(items), 4)
    for item in reversed(items):
        builder.PrependUOffsetTRelative(item)
    return builder.EndVector()


def scalars(builder, size, prepend, items):
    builder.StartVector(size, len(items), size)
    for item in reversed(items):
        prepend(item)
    return builder.EndVector()


def vec3(builder, x, y, z):
    builder.Prep(4, 12)
    for number in (z, y, x):
        builder.PrependFloat32(number)
    return builder.Offset()


def weapon(builder, name, damage):
    name = builder.CreateString(name)
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    builder.PrependInt16Slot(1, damage, 0)
    return builder.EndObject()


def monster(builder, mana, hp, color):
    sword = weapon(builder, "Sword", 3)
    axe = weapon(builder, "Axe", 5)
    weapons = offsets(builder, [sword, axe])
    name = builder.CreateString("Orc")
    inventory = scalars(builder, 1, builder.PrependByte, list(range(10)))
    builder.StartVector(12, 2, 4)
    vec3(builder, 4, 5, 6)
    vec3(builder, 1, 2, 3)
    path = builder.EndVector()
    builder.StartObject(11)
    builder.PrependStructSlot(0, vec3(builder, 1.5, -2.5, 3.25), 0)
    builder.PrependInt16Slot(1, mana, 150)
    builder.PrependInt16Slot(2, hp, 100)
    builder.PrependUOffsetTRelativeSlot(3, name, 0)
    builder.PrependUOffsetTRelativeSlot(5, inventory, 0)
    builder.PrependInt8Slot(6, color, 2)
    builder.PrependUOffsetTRelativeSlot(7, weapons, 0)
    builder.PrependUint8Slot(8, 1, 0)
    builder.PrependUOffsetTRelativeSlot(9, axe, 0)
    builder.PrependUOffsetTRelativeSlot(10, path, 0)
    return builder.EndObject()


def monster_file(name, *, mana=150, hp=300, color=0, identifier=None, size_prefix=False, force=False):
    builder = flatbuffers.Builder(0)
    builder.ForceDefaults(force)
    root = monster(builder, mana, hp, color)
    (builder.FinishSizePrefixed if size_prefix else builder.Finish)(root, file_identifier=identifier)
    write(name, builder.Output())


def bare_monster():
    builder = flatbuffers.Builder(0)
    builder.StartObject(11)
    builder.Finish(builder.EndObject())
    write("monster-bare.bin", builder.Output())


def zoo(builder, child, sign):
    strings = offsets(builder, [builder.CreateString(s) for s in ("", "zebra", "Löwe", "虎", "🐘", "zebra")])
    doubles = scalars(builder, 8, builder.PrependFloat64, [0.1, -1e300, float("inf")])
    longs = scalars(builder, 8, builder.PrependInt64, [-(2**63), 2**63 - 1])
    bools = scalars(builder, 1, builder.PrependBool, [True, False, True])
    shorts = scalars(builder, 2, builder.PrependInt16, [])
    floats = scalars(builder, 4, builder.PrependFloat32, [0.5, -0.0])
    empty = builder.CreateString("")
    builder.StartObject(19)
    builder.PrependInt8Slot(0, -128 if sign else 127, 0)
    builder.PrependUint8Slot(1, 255, 0)
    builder.PrependInt16Slot(2, -(2**15) if sign else 2**15 - 1, 0)
    builder.PrependUint16Slot(3, 2**16 - 1, 0)
    builder.PrependInt32Slot(4, -(2**31) if sign else 2**31 - 1, 0)
    builder.PrependUint32Slot(5, 2**32 - 1, 0)
    builder.PrependInt64Slot(6, -(2**63) if sign else 2**63 - 1, 0)
    builder.PrependUint64Slot(7, 2**64 - 1, 0)
    builder.PrependFloat32Slot(8, 3.5, 0)
    builder.PrependFloat64Slot(9, -0.1, 0)
    builder.PrependBoolSlot(10, True, False)
    builder.PrependUOffsetTRelativeSlot(11, strings, 0)
    builder.PrependUOffsetTRelativeSlot(12, doubles, 0)
    builder.PrependUOffsetTRelativeSlot(13, longs, 0)
    builder.PrependUOffsetTRelativeSlot(14, bools, 0)
    builder.PrependUOffsetTRelativeSlot(15, child, 0)
    builder.PrependUOffsetTRelativeSlot(16, shorts, 0)
    builder.PrependUOffsetTRelativeSlot(17, floats, 0)
    builder.PrependUOffsetTRelativeSlot(18, empty, 0)
    return builder.EndObject()


def zoo_file():
    builder = flatbuffers.Builder(0)
    builder.Finish(zoo(builder, zoo(builder, 0, False), True), file_identifier=b"ZOOS")
    write("zoo.bin", builder.Output())


# FlexBuffers


def flex(name, build):
    builder = flexbuffers.Builder(share_strings=True, share_keys=True)
    build(builder)
    write(name, builder.Finish())


def numbers(b):
    """Direct and indirect numbers of every width, one vector for each width of slot."""
    with b.Vector():
        with b.Vector():
            b.Null()
            b.Bool(True)
            b.Bool(False)
            b.Int(-128, 1)
            b.UInt(255, 1)
            b.IndirectInt(-1, 1)
            b.IndirectInt(-(2**15), 2)
            b.IndirectInt(-(2**31), 4)
            b.IndirectInt(-(2**63), 8)
            b.IndirectUInt(255, 1)
            b.IndirectUInt(2**16 - 1, 2)
            b.IndirectUInt(2**32 - 1, 4)
            b.IndirectUInt(2**64 - 1, 8)
            b.IndirectFloat(0.5, 4)
            b.IndirectFloat(0.1, 8)
        with b.Vector():
            b.Int(-(2**15), 2)
            b.UInt(2**16 - 1, 2)
            b.Bool(True)
        with b.Vector():
            b.Int(-(2**31), 4)
            b.UInt(2**32 - 1, 4)
            b.Float(-2.5, 4)
            b.IndirectInt(7, 1)
        with b.Vector():
            b.Int(-(2**63), 8)
            b.UInt(2**64 - 1, 8)
            b.Float(0.1, 8)
            b.String("far")
            b.Null()


def options(b):
    """Maps inside each other, as the options of a custom operator would be."""
    with b.Map():
        b.Int("max_detections", 10)
        b.Float("nms_iou_threshold", 0.6, 4)
        b.Float("y_scale", 10.0, 4)
        b.Bool("use_regular_nms", False)
        b.String("name", "größe 🐘")
        b.Key("key")
        b.Key("a key")
        b.Blob("blob", b"\x00\x01\xfe\xff")
        with b.Map("nested"):
            b.Int("a", -1)
            b.UInt("b", 70000)
            with b.Map("deeper"):
                b.Null("nothing")
            with b.Vector("list"):
                b.Int(1)
                b.String("größe 🐘")
                with b.Map():
                    b.Int("a", 2)


def typed(b):
    with b.Vector():
        for width in (1, 2, 4, 8):
            with b.TypedVector():
                for number in (-1, 0, 1):
                    b.Int(number, width)
        for width in (1, 2, 4, 8):
            with b.TypedVector():
                for number in (0, 2 ** (8 * width) - 1):
                    b.UInt(number, width)
        for width in (4, 8):
            with b.TypedVector():
                for number in (0.5, -1.25):
                    b.Float(number, width)
        with b.TypedVector():
            for key in ("one", "two", "one"):
                b.Key(key)
        with b.TypedVector():
            for truth in (True, False, True):
                b.Bool(truth)


def fixed(b):
    with b.Vector():
        for count in (2, 3, 4):
            b.FixedTypedVectorFromElements([-1 - i for i in range(count)], TYPE.INT, 1)
            b.FixedTypedVectorFromElements([60000 + i for i in range(count)], TYPE.UINT, 2)
            b.FixedTypedVectorFromElements([0.5 + i for i in range(count)], TYPE.FLOAT, 4)
        b.FixedTypedVectorFromElements([-(2**31), 5], TYPE.INT, 4)
        b.FixedTypedVectorFromElements([0.1, 0.2], TYPE.FLOAT, 8)
        b.FixedTypedVectorFromElements([2**64 - 1, 0, 1], TYPE.UINT, 8)


def long_string(b):
    """A string whose size, and a vector whose offsets, take 2 bytes."""
    with b.Vector():
        b.String("x" * 300)
        b.String("")
        b.Blob(bytes(range(256)))
        b.Int(1)


def main():
    OUTPUT.mkdir(exist_ok=True)
    monster_file("monster.bin", identifier=b"MONS")
    monster_file("monster-plain.bin")
    monster_file("monster-sized.bin", identifier=b"MONS", size_prefix=True)
    monster_file("monster-defaults.bin", hp=100, color=2)
    monster_file("monster-forced.bin", hp=100, color=2, force=True)
    bare_monster()
    zoo_file()
    flex("flex-null.bin", lambda b: b.Null())
    flex("flex-empty-vector.bin", lambda b: b.VectorFromElements([]))
    flex("flex-empty-map.bin", lambda b: b.MapFromElements({}))
    flex("flex-string.bin", lambda b: b.String("größe 🐘"))
    flex("flex-uint64.bin", lambda b: b.UInt(2**64 - 1))
    flex("flex-float32.bin", lambda b: b.Float(1.5))
    flex("flex-map.bin", lambda b: b.MapFromElements({"bar": [1, 2, 3], "foo": 100.0, "": True}))
    flex("flex-numbers.bin", numbers)
    flex("flex-options.bin", options)
    flex("flex-typed.bin", typed)
    flex("flex-fixed.bin", fixed)
    flex("flex-long.bin", long_string)


if __name__ == "__main__":
    main()
